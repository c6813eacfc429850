/** What stderr may hold beside a refusal of nvidia-smi's: guesses, and where the help is. */
export const HINTS = /^(Did you mean .+\?\n)*(Run 'nvsmi .+' for help\.\n)?$/;

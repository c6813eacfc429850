// Fails some time after the program began, as a mistake in an event handler would.
setTimeout(() => {
  throw new Error('a failure that no one expected');
}, 1500);

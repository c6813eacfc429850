/** What the schemas say of a document or a record that a recording answered. */
export const SOURCE = {
  type: 'object',
  description: 'A recording answered, and not the machine: there only then.',
  required: ['snapshot'],
  properties: { snapshot: { type: 'string', description: 'Its name, or the path of its file.' } },
  additionalProperties: false,
} as const;

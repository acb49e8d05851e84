import type { Field, Table } from './table.ts';

/** A table as the management API shows it: types are lost, as in RabbitMQ's own answers. */
export function tableToJson(table: Table): Record<string, unknown> {
  return Object.fromEntries([...table].map(([key, field]) => [key, fieldToJson(field)]));
}

function fieldToJson(field: Field): unknown {
  switch (field.type) {
    case 'longstr':
      return typeof field.value === 'string' ? field.value : field.value.toString('latin1');
    case 'binary':
      return field.value.toString('latin1');
    case 'long':
    case 'timestamp':
      return Number(field.value);
    case 'decimal':
      return field.value.digits / 10 ** field.value.places;
    case 'table':
      return tableToJson(field.value);
    case 'array':
      return field.value.map(fieldToJson);
    default:
      return field.value;
  }
}

/** Arguments of the management API as a table, typed as RabbitMQ types them: integers become 64-bit longs. */
export function jsonToTable(json: Record<string, unknown>): Table {
  return new Map(Object.entries(json).map(([key, value]) => [key, jsonToField(value)]));
}

function jsonToField(value: unknown): Field {
  switch (typeof value) {
    case 'string':
      return { type: 'longstr', value };
    case 'boolean':
      return { type: 'bool', value };
    case 'number':
      return Number.isSafeInteger(value) ? { type: 'long', value: BigInt(value) } : { type: 'double', value };
    default:
      if (Array.isArray(value)) return { type: 'array', value: value.map(jsonToField) };
      if (value === null || value === undefined) return { type: 'void', value: null };
      return { type: 'table', value: jsonToTable(value as Record<string, unknown>) };
  }
}

// Rows of several answers side by side.

/** @typedef {import('../answers.js').Row} Row */

/** Rows by the values of these keys. @param {Row[]} rows @param {...string} keys @returns {Map<string, Row>} */
export const keyed = (rows, ...keys) => new Map(rows.map((row) => [keys.map((key) => row[key]).join(' '), row]));

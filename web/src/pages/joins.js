// Rows of several answers side by side.

/** @typedef {import('../answers.js').Row} Row */

/** Charges by the values of these keys: of several currencies the one of most money in all. @param {Row[]} rows @param {string} currency @param {...string} keys */
export const charged = (rows, currency, ...keys) => keyed([...rows].sort((a, b) => Number(a.currency === currency) - Number(b.currency === currency)), ...keys);

/** Rows by the values of these keys. @param {Row[]} rows @param {...string} keys @returns {Map<string, Row>} */
export const keyed = (rows, ...keys) => new Map(rows.map((row) => [keys.map((key) => row[key]).join(' '), row]));

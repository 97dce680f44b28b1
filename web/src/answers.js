// Answers for components: asked for when they are first shown, when the question changes and in each live round.
import { ask } from './ask.js';
import { useEffect, useState } from './html.js';
import { round } from './live.js';
import { token } from './session.js';
import { before, parameters } from './time.js';

/**
 * @typedef {import('./ask.js').Answer} Answer
 * @typedef {import('./ask.js').Row} Row
 * @typedef {{answer: Answer | null, problem: Error | null, isLoading: boolean}} Asked
 *   answer: the latest one, which stays while the next is on its way, so that nothing jumps.
 */

/**
 * @param {string} path @param {import('./ask.js').Parameters | null} question null: nothing is asked.
 * @returns {Asked}
 */
export function useAnswer(path, question) {
  const [asked, setAsked] = useState(/** @type {Asked & {key: string}} */ ({ answer: null, problem: null, isLoading: true, key: '' }));
  const key = question === null ? '' : path + JSON.stringify(question);
  // What is asked about, without the time: an answer about another customer is not kept on the screen.
  const subject = question === null ? '' : path + JSON.stringify({ ...question, from: 0, to: 0 });
  useEffect(() => {
    if (question === null) return;
    let isWanted = true;
    setAsked((old) => ({ ...old, answer: old.key === subject ? old.answer : null, isLoading: true, key: subject }));
    ask(path, question).then(
      (answer) => isWanted && setAsked({ answer, problem: null, isLoading: false, key: subject }),
      (problem) => isWanted && setAsked((old) => ({ ...old, problem, isLoading: false })),
    );
    return () => {
      isWanted = false;
    };
  }, [key, round.value, token.value]);
  return asked.key === subject ? asked : { answer: null, problem: null, isLoading: question !== null };
}

/**
 * The same question about a window and the one before it.
 * @param {string} path @param {import('./ask.js').Parameters | null} question @param {import('./time.js').Window} window
 * @returns {{now: Asked, then: Asked}}
 */
export function useBoth(path, question, window) {
  const about = (/** @type {import('./time.js').Window} */ each) => question && { ...question, ...parameters(each) };
  return { now: useAnswer(path, about(window)), then: useAnswer(path, about(before(window))) };
}

/** @param {string} measures @param {import('./ask.js').Parameters} [rest] */
export const metrics = (measures, rest = {}) => ({ measures, ...rest });
export const METRICS = '/api/v1/query/metrics', UNIT_COST = '/api/v1/query/unit-cost';

/** Filters of query/metrics from names and values; those without a value are left out. @param {Record<string, string | undefined>} values */
export const where = (values) => Object.entries(values).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${value}`);

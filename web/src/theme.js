// Dark or light: as the system has it, unless the reader chose. Charts are drawn on canvas and ask here for colours.
import { computed, effect, signal } from './html.js';

const KEY = 'optiinfra-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(system.matches);
system.addEventListener('change', (event) => (isSystemDark.value = event.matches));

export const themeChoice = signal(localStorage.getItem(KEY) ?? 'system');
export const isDark = computed(() => (themeChoice.value === 'system' ? isSystemDark.value : themeChoice.value === 'dark'));

/** @param {string} choice */
export function chooseTheme(choice) {
  themeChoice.value = choice;
  localStorage.setItem(KEY, choice);
}

effect(() => {
  document.documentElement.dataset.theme = isDark.value ? 'dark' : 'light';
});

/** A colour of the style sheet: "--series-1". @param {string} name */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Eight colours that colour-blind people tell apart (Okabe and Ito); the last is for "all others". */
export const SERIES = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5', '--series-6', '--series-7', '--series-rest'];

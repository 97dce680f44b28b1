// Every GPU as a cell, by instance: how busy it was, in a number and a shade.
import { percent, withUnit } from '../format.js';
import { html } from '../html.js';

/**
 * @typedef {{instance: string, type: string, gpus: {index: number, busy: number | null, memory: number | null, temperature: number | null, samples: number}[]}} Host
 * @param {{hosts: Host[]}} properties
 */
export function GpuGrid({ hosts }) {
  return html`<ul class="gpu-grid">${hosts.map((host) => html`<li key=${host.instance}>
    <h3 title=${host.instance}>${host.instance} <span class="quiet">${host.type}</span></h3>
    <ul>${host.gpus.map((gpu) => html`<${Gpu} key=${gpu.index} gpu=${gpu} />`)}</ul></li>`)}</ul>`;
}

/** @param {{gpu: Host['gpus'][0]}} properties */
function Gpu({ gpu }) {
  const details = [
    gpu.memory === null ? 'memory not measured' : `${withUnit(gpu.memory, 'MiB')} of memory in use`,
    gpu.temperature === null ? 'temperature not measured' : `at most ${withUnit(gpu.temperature, 'degC')}`,
  ].join(', ');
  if (gpu.busy === null) return html`<li class="gpu no-value" title=${`GPU ${gpu.index}: use not measured, ${details}`}><span class="hidden">GPU ${gpu.index}: </span>n/m</li>`;
  const kind = gpu.busy < 5 ? 'idle' : gpu.busy >= 90 ? 'full' : '';
  return html`<li class=${`gpu ${kind}`} style=${{ '--heat': `${Math.round(gpu.busy)}%` }} title=${`GPU ${gpu.index}: busy ${percent(gpu.busy, 1)}, ${details}`}>
    <span class="hidden">GPU ${gpu.index}: busy </span>${Math.round(gpu.busy)}<span class="hidden"> %${kind === 'idle' ? ', idle' : ''}</span></li>`;
}

// A customer's month as a page to print. A link cannot carry a token, so with one the page is saved as a file.
import { urlOf } from '../ask.js';
import { locale } from '../format.js';
import { html } from '../html.js';
import { token } from '../session.js';
import { shownWindow } from '../time.js';
import { download } from './download.js';

/** @param {{customer: string}} properties The month is that in which the window ends, in UTC. */
export function ReportLink({ customer }) {
  const last = new Date(shownWindow.value.end - 1);
  const month = last.toISOString().slice(0, 7);
  const title = new Intl.DateTimeFormat(locale.value, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(last);
  const target = token.value ? { download: `${customer}-${month}.html`, onClick: download } : { target: '_blank' };
  return html`<a href=${urlOf('/api/v1/reports/customer', { customer, month })} ...${target}>Report of ${title}, to print</a>`;
}

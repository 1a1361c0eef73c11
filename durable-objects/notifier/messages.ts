/** The bodies that receivers get; schema/api/webhooks.ts has their shapes. Ids follow from the facts, so none is told twice. */
import { quantityByCode, quantityByIndex } from '../../core/reading/quantity.ts';
import { FAIL } from '../../core/reading/reading.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { hourStartMs, rfc3339 } from '../../core/time.ts';
import type { JudgedHour, Reached } from '../../core/webhook/crossing.ts';
import type { Purchase, Recall } from '../../core/webhook/recall.ts';
import type { ThresholdTopic } from '../../core/webhook/topic.ts';
import type { RecallMessage, TestMessage, ThresholdMessage } from '../../schema/api/webhooks.ts';
import type { Hook } from './api.ts';
import type { Message } from './store.ts';

export function testMessage(hook: Hook, nowMs: number): Message {
  const body: TestMessage = { type: 'webhook.test', timestamp: rfc3339(nowMs), data: { webhook: hook.id } };
  return toMessage(`test_${hook.id}_${nowMs}`, hook, body);
}

export function thresholdMessage(
  hook: Hook,
  topic: ThresholdTopic,
  change: 'raised' | 'cleared',
  cell: string,
  hour: number,
  devices: readonly Reached[],
  rules: TimeRules,
): Message {
  const body: ThresholdMessage = {
    type: `threshold.${change}`,
    timestamp: rfc3339(hourStartMs(hour + 1, rules)),
    data: {
      webhook: hook.id,
      quantity: topic.quantity,
      unit: quantityByCode(topic.quantity)?.unit ?? '',
      [topic.direction]: topic.limit,
      start: rfc3339(hourStartMs(hour, rules)),
      devices,
    },
  };
  return toMessage(`${change}_${hook.id}_${cell}_${hour}`, hook, body);
}

/** What was bought before its hour was judged, and what the verdict was. */
export function verdictMessage(
  hook: Hook,
  { sale }: Purchase,
  hours: readonly (JudgedHour & { readonly startMs: number })[],
  nowMs: number,
): Message {
  return recalled(`verdict_${hook.id}_${sale}`, hook, nowMs, {
    sale,
    reason: 'It was sold before its hour was judged, and the verdict is that it is not good.',
    recall: null,
    hours: hours.map(({ device, quantity, flag, startMs }) => ({
      device,
      quantity: quantityByIndex(quantity)?.code ?? '',
      start: rfc3339(startMs),
      flag: flag === FAIL ? 4 : 3,
    })),
  });
}

export function recallMessage(hook: Hook, { sale }: Purchase, recall: Recall, nowMs: number): Message {
  const { id, device, quantities, fromMs, untilMs, reason } = recall;
  const codes = quantities?.map((index) => quantityByIndex(index)?.code ?? '') ?? null;
  return recalled(`recall_${hook.id}_${id}_${sale}`, hook, nowMs, {
    sale,
    reason,
    recall: { id, device, quantities: codes, from: rfc3339(fromMs), until: rfc3339(untilMs) },
    hours: [],
  });
}

type RecalledData = Omit<RecallMessage['data'], 'webhook'>;

function recalled(id: string, hook: Hook, nowMs: number, data: RecalledData): Message {
  return toMessage(id, hook, {
    type: 'data.recalled',
    timestamp: rfc3339(nowMs),
    data: { webhook: hook.id, ...data },
  });
}

function toMessage(id: string, hook: Hook, body: TestMessage | ThresholdMessage | RecallMessage): Message {
  return { id: `msg_${id}`, hook: hook.id, type: body.type, body: JSON.stringify(body) };
}

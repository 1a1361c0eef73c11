/**
 * Elementary functions with one answer on every engine. Built-in log, exp and cos differ in the last bit between
 * workerd and Node (measured), so `core/` computes with + - * / and square root only.
 */

// FreeBSD msun e_log.c: ln(1+f) = f - s*(f-R), s = f/(2+f), R = polynomial in s^2; error below 1 ulp.
const LN2_HI = 6.9314718036912381649e-1;
const LN2_LO = 1.90821492927058770002e-10;
const LG = [
  6.66666666666673513e-1, 3.999999999940941908e-1, 2.857142874366239149e-1, 2.222219843214978396e-1,
  1.818357216161805012e-1, 1.531383769920937332e-1, 1.479819860511658591e-1,
] as const;
const SQRT2 = 1.4142135623730951;

/** Natural logarithm of a finite positive number; -Infinity at 0, NaN below. */
export function ln(x: number): number {
  if (x === 0) return -Infinity;
  if (!(x > 0)) return NaN;
  if (x === Infinity) return Infinity;
  // Scale by exact powers of two into [sqrt(2)/2, sqrt(2)).
  let exponent = 0;
  let mantissa = x;
  while (mantissa >= SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  while (mantissa < SQRT2 / 2) {
    mantissa *= 2;
    exponent -= 1;
  }
  const f = mantissa - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (LG[1] + w * (LG[3] + w * LG[5]));
  const odd = z * (LG[0] + w * (LG[2] + w * (LG[4] + w * LG[6])));
  const half = 0.5 * f * f;
  return exponent * LN2_HI - (half - (s * (half + (even + odd)) + exponent * LN2_LO) - f);
}

const DEGREE = 0.017453292519943295;

/** Cosine of an angle in degrees, |angle| <= 180; Taylor series to the 22nd power, error below 1e-12. */
export function cosDegrees(degrees: number): number {
  const x = degrees * DEGREE;
  const square = x * x;
  let term = 1;
  let sum = 1;
  for (let n = 1; n <= 11; n += 1) {
    term *= -square / ((2 * n - 1) * (2 * n));
    sum += term;
  }
  return sum;
}

const LN2 = 0.6931471805599453;

/** e to the power of x: Taylor series after exact halving of the range, relative error below 1e-14. */
export function exp(x: number): number {
  if (x > 700) return Infinity;
  if (x < -700) return 0;
  const halvings = Math.round(x / LN2);
  const rest = x - halvings * LN2;
  let term = 1;
  let sum = 1;
  for (let n = 1; n <= 15; n += 1) {
    term *= rest / n;
    sum += term;
  }
  for (let n = 0; n < halvings; n += 1) sum *= 2;
  for (let n = 0; n > halvings; n -= 1) sum /= 2;
  return sum;
}

/** 10^0 … 10^22: the powers of ten that a double holds exactly. */
const powersOfTen = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** Any decimal of this many digits survives the way to float32 and back; nine always name one float32. */
const digitsKept = 6;
const digitsNeeded = 9;

const bits = new DataView(new ArrayBuffer(4));

/** The interval that rounds to a power of two is lopsided: the nearest decimal may miss it where the next one hits. */
function isPowerOfTwo(x: number): boolean {
  bits.setFloat32(0, x);
  return (bits.getUint32(0) & 0x7fffff) === 0;
}

function shortestByText(x: number): number {
  for (let digits = 1; digits < digitsNeeded; digits++) {
    const candidate = Number(x.toPrecision(digits));
    if (Math.fround(candidate) === x) return candidate;
  }
  return Number(x.toPrecision(digitsNeeded));
}

function shortestPowerOfTwo(x: number): number {
  for (let digits = 1; digits < digitsNeeded; digits++) {
    const text = x.toExponential(digits - 1);
    const candidate = Number(text);
    if (Math.fround(candidate) === x) return candidate;
    const [mantissa = "", exponent = ""] = text.split("e");
    const step = Math.sign(x);
    const next = Number(`${Number(mantissa.replace(".", "")) + step}e${Number(exponent) - digits + 1}`);
    if (Math.fround(next) === x) return next;
  }
  return Number(x.toPrecision(digitsNeeded));
}

/**
 * The double that prints as the shortest decimal that reads back to the float32 `x`: 0.19 for 0.1899999976158142.
 * `x` must be a finite float32 value.
 */
export function shortestFloat32(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < 0x1000000 && Number.isInteger(x)) return x;
  if (isPowerOfTwo(x)) return shortestPowerOfTwo(x);
  if (magnitude < 1e-13 || magnitude >= 1e5) return shortestByText(x);
  let scale = digitsKept - 1 - Math.floor(Math.log10(magnitude));
  // Starting with one digit too many would miss a shorter decimal; the logarithm may be off by one next to a power of ten.
  if (magnitude * (powersOfTen[scale] as number) >= 1e6) scale--;
  for (let digits = digitsKept; digits <= digitsNeeded; digits++, scale++) {
    const power = powersOfTen[scale] as number;
    // Both operands are exact, so the quotient is the double nearest to the decimal, and prints as that decimal.
    const candidate = Math.round(x * power) / power;
    if (Math.fround(candidate) === x) return candidate;
  }
  return shortestByText(x);
}

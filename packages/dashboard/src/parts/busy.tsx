/** Says that something is on its way. */
export function Busy({ what = "Loading" }: { readonly what?: string }) {
  return (
    <p class="busy" role="status">
      {what}…
    </p>
  );
}

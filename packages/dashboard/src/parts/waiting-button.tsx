import type { ComponentChildren } from "preact";

export interface WaitingButtonProps {
  /** For now it does nothing: something is on its way, or there is nowhere to go. */
  readonly isWaiting: boolean;
  readonly type?: "button" | "submit";
  readonly class?: string;
  /** Of a button that does not send its form. */
  readonly onClick?: () => void;
  /** It does nothing before what it does is well formed. */
  readonly isDisabled?: boolean;
  readonly children: ComponentChildren;
}

/**
 * A button that does nothing at times because of what it did itself. It keeps the focus then, which a browser takes from one that is disabled: who uses the
 * keyboard would begin at the top of the page again.
 */
export function WaitingButton(props: WaitingButtonProps) {
  const { isWaiting, type = "button", class: name, onClick, isDisabled = false, children } = props;
  return (
    <button
      type={type}
      class={name}
      disabled={isDisabled}
      aria-disabled={isWaiting}
      onClick={(event) => {
        if (isWaiting) event.preventDefault();
        else onClick?.();
      }}
    >
      {children}
    </button>
  );
}

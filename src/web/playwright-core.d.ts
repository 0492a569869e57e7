/**
 * @file Types for what the tests of the page use of playwright-core. It is larger than all that the page ships, so it is not a
 * dependency; `.ci/run` installs it.
 */
declare module 'playwright-core' {
  interface Box {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }
  interface Locator {
    locator(selector: string): Locator;
    getByRole(role: string, options?: { name?: string; exact?: boolean }): Locator;
    getByText(text: string, options?: { exact?: boolean }): Locator;
    first(): Locator;
    nth(index: number): Locator;
    waitFor(options?: { state?: 'attached' | 'detached' | 'visible' | 'hidden' }): Promise<void>;
    count(): Promise<number>;
    isVisible(): Promise<boolean>;
    textContent(): Promise<string | null>;
    allTextContents(): Promise<string[]>;
    getAttribute(name: string): Promise<string | null>;
    boundingBox(): Promise<Box | null>;
    click(): Promise<void>;
    check(): Promise<void>;
    uncheck(): Promise<void>;
    fill(text: string): Promise<void>;
    focus(): Promise<void>;
    press(key: string): Promise<void>;
  }
  interface Page {
    readonly keyboard: { press(key: string): Promise<void> };
    readonly mouse: {
      move(x: number, y: number, options?: { steps: number }): Promise<void>;
      down(): Promise<void>;
      up(): Promise<void>;
      dblclick(x: number, y: number): Promise<void>;
    };
    on(event: 'pageerror', listener: (error: Error) => void): void;
    on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
    on(event: 'request', listener: (request: { url(): string }) => void): void;
    on(event: 'dialog', listener: () => void): void;
    goto(address: string): Promise<unknown>;
    reload(): Promise<unknown>;
    close(): Promise<void>;
    setDefaultTimeout(milliseconds: number): void;
    locator(selector: string, options?: { hasText: string | RegExp }): Locator;
    getByRole(role: string, options?: { name?: string; exact?: boolean }): Locator;
    evaluate<Result>(code: string): Promise<Result>;
  }
  interface Browser {
    newPage(options: {
      viewport: { width: number; height: number };
      colorScheme: 'dark' | 'light';
    }): Promise<Page>;
    close(): Promise<void>;
  }
  const chromium: {
    launch(options: { executablePath: string; args: readonly string[] }): Promise<Browser>;
  };
}

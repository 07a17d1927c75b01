/** One named value in a browser storage that may be denied, full or absent. */

export type DripStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export interface Slot {
  read(): string | null;
  /** False when the value lives in memory only and a reload forgets it. */
  write(value: string): boolean;
  clear(): void;
  /** Moves what lives in memory into the storage, once that may be used. */
  settle(): void;
}

/**
 * `source` is called on every use: merely naming `localStorage` throws where storage is blocked.
 *
 * As long as storage works it is the truth, because another tab may have changed it.
 */
export function createSlot(name: string, source: () => DripStorage | null | undefined): Slot {
  let memory: string | null = null;

  function attempt<T>(use: (storage: DripStorage) => T): { done: T } | null {
    try {
      const storage = source();
      return storage ? { done: use(storage) } : null;
    } catch {
      return null;
    }
  }

  const write = (value: string): boolean => {
    const isKept = attempt((storage) => storage.setItem(name, value)) !== null;
    memory = isKept ? null : value;
    return isKept;
  };

  return {
    write,
    read: () => memory ?? attempt((storage) => storage.getItem(name))?.done ?? null,
    clear() {
      memory = null;
      attempt((storage) => storage.removeItem(name));
    },
    settle() {
      if (memory !== null) write(memory);
    },
  };
}

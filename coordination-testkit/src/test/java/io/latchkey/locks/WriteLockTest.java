package io.latchkey.locks;

import io.latchkey.Latchkey;
import io.latchkey.Lockable;

/** The contract, through the write side of a read/write lock. */
class WriteLockTest extends LockableContract {
    @Override
    Lockable lockable(Latchkey latchkey, String name) {
        return latchkey.readWriteLock(name).writeLock();
    }
}

package io.latchkey.locks;

import io.latchkey.Latchkey;
import io.latchkey.Lockable;

/** The contract, through the plain lock. */
class LatchkeyLockTest extends LockableContract {
    @Override
    Lockable lockable(Latchkey latchkey, String name) {
        return latchkey.lock(name);
    }
}

package io.latchkey.locks;

import io.latchkey.Latchkey;
import io.latchkey.Lockable;

/** The contract, through a semaphore of one permit. */
class OnePermitTest extends LockableContract {
    @Override
    Lockable lockable(Latchkey latchkey, String name) {
        return latchkey.semaphore(name, 1);
    }
}

package io.latchkey.shedlock;

/**
 * What to do when a lock ends while its task still runs: its time was up, it could not be extended, or the provider was closed.
 * Called on a thread of the client, before anybody else can have the lock. An exception is logged.
 */
@FunctionalInterface
public interface LostLockAction {
    /** Nothing but a warning in the log (the default). The task can ask {@link LatchkeyLock#isValid()}. */
    LostLockAction NOTHING = lock -> {};

    /**
     * Interrupts the task's thread. Only while it holds the lock: an interrupt that the task did not notice is taken back when it
     * unlocks, so that it meets nobody else.
     */
    LostLockAction INTERRUPT = LatchkeyLock::interruptTask;

    /**
     * Acts.
     *
     * @param lock what was lost
     */
    void lost(LatchkeyLock lock);
}

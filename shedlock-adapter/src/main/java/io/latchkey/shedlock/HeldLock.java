package io.latchkey.shedlock;

import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * One acquisition, from lock to unlock, whatever extensions are in between. The lease may end before: then the task is told, as
 * long as it has not unlocked.
 */
final class HeldLock implements LatchkeyLock {
    private static final System.Logger LOG = System.getLogger("io.latchkey.shedlock");

    private final TimedLease lease;
    private final LostLockAction whenLost;
    private final Consumer<HeldLock> whenOver;
    private final Thread task = Thread.currentThread();

    /** Guards what follows; so an interrupt and the unlock after which there must be none come one after the other. */
    private final ReentrantLock ending = new ReentrantLock();

    private final List<Runnable> lostActions = new ArrayList<>(0);
    private boolean lost;
    private boolean interrupted;
    private volatile boolean unlocked;

    HeldLock(TimedLease lease, LostLockAction whenLost, Consumer<HeldLock> whenOver) {
        this.lease = lease;
        this.whenLost = whenLost;
        this.whenOver = whenOver;
    }

    /** From now on the task hears of a loss. */
    void watch() {
        lease.onLost(() -> {
            whenOver.accept(this);
            lost("its time is up, or the database has ended it");
        });
    }

    /** Tells the task, unless it has unlocked or knows already. */
    void lost(String why) {
        List<Runnable> actions;
        ending.lock();
        try {
            if (unlocked || lost) {
                return;
            }
            lost = true;
            actions = List.copyOf(lostActions);
        } finally {
            ending.unlock();
        }
        LOG.log(Level.WARNING, "The lock ''{0}'' is lost while its task runs: {1}", name(), why);
        run(() -> whenLost.lost(this));
        actions.forEach(HeldLock::run);
    }

    private static void run(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "an action for a lost lock failed", e);
        }
    }

    boolean isUnlocked() {
        return unlocked;
    }

    /** Ends it: after this nobody is told or interrupted. Never throws for the database's sake. */
    void unlock() {
        ending.lock();
        try {
            unlocked = true;
            if (interrupted && Thread.currentThread() == task) {
                Thread.interrupted(); // was meant for the task, which is over
            }
        } finally {
            ending.unlock();
        }
        LocksOfThread.tidy();
        lease.release();
        whenOver.accept(this); // whoever closes the provider waits until the database knows
    }

    /** Gives it back although its task may still run. */
    void release() {
        lease.release();
    }

    /** Ends it as though it had never been taken. */
    void withdraw() {
        unlocked = true;
        LocksOfThread.tidy();
        lease.withdraw();
        whenOver.accept(this);
    }

    boolean extend(LeaseTime time) {
        return lease.extend(time);
    }

    @Override
    public String name() {
        return lease.lock();
    }

    @Override
    public long fencingToken() {
        return lease.fencingToken();
    }

    @Override
    public boolean isValid() {
        return lease.isValid();
    }

    @Override
    public Duration remaining() {
        return lease.remaining();
    }

    @Override
    public void fence(Connection connection) {
        lease.fence(connection);
    }

    @Override
    public void onLost(Runnable action) {
        ending.lock();
        try {
            if (!lost) {
                lostActions.add(action);
                return;
            }
        } finally {
            ending.unlock();
        }
        run(action);
    }

    @Override
    public void interruptTask() {
        ending.lock();
        try {
            if (!unlocked) {
                interrupted = true;
                task.interrupt();
            }
        } finally {
            ending.unlock();
        }
    }

    @Override
    public String toString() {
        return "LatchkeyLock[" + lease + "]";
    }
}

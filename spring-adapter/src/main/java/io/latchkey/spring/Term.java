package io.latchkey.spring;

import io.latchkey.Leadership;
import java.sql.Connection;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.springframework.integration.leader.Candidate;

/** One term, from the grant until it is lost, yielded or stopped. */
final class Term implements LeaderContext {
    @FunctionalInterface
    interface Work {
        void run() throws InterruptedException;
    }

    private final Candidate candidate;
    private final Leadership leadership;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition isOver = lock.newCondition();
    private boolean over;
    private @Nullable Thread worker;

    Term(Candidate candidate, Leadership leadership) {
        this.candidate = candidate;
        this.leadership = leadership;
        leadership.onLost(this::end);
    }

    /** Does the work of being granted, and waits until the term is over. The end interrupts the work, as {@link Candidate} says. */
    void serve(Work granted) throws InterruptedException {
        work(granted);
        lock.lock();
        try {
            while (!over) {
                isOver.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void work(Work granted) throws InterruptedException {
        if (!begin(Thread.currentThread())) {
            return;
        }
        try {
            granted.run();
        } catch (InterruptedException e) {
            if (!isOver()) {
                throw e;
            }
        } finally {
            begin(null);
        }
    }

    private boolean begin(@Nullable Thread thread) {
        lock.lock();
        try {
            worker = thread;
            if (over) {
                Thread.interrupted(); // it was ours, and has done its work
            }
            return !over;
        } finally {
            lock.unlock();
        }
    }

    private boolean isOver() {
        lock.lock();
        try {
            return over;
        } finally {
            lock.unlock();
        }
    }

    void end() {
        lock.lock();
        try {
            over = true;
            isOver.signalAll();
            if (worker != null) {
                worker.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isLeader() {
        return leadership.isValid() && !isOver();
    }

    @Override
    public void yield() {
        end();
    }

    @Override
    public long term() {
        return leadership.term();
    }

    @Override
    public void fence(Connection connection) {
        leadership.fence(connection);
    }

    @Override
    public String getRole() {
        return candidate.getRole();
    }

    @Override
    public String toString() {
        return "LeaderContext[role=" + getRole() + ", id=" + candidate.getId() + ", term=" + term() + ", leader="
                + isLeader() + "]";
    }
}

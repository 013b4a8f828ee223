package io.latchkey.examples.demo;

import io.latchkey.testkit.ParentChannel;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** What the parent wants a worker to do: {@code work <ms per turn>}, {@code hold} or {@code quit}. Thread-safe. */
final class Orders {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private String order = "wait";
    private long pace;

    /** Reads orders from now on. */
    void follow(ParentChannel parent) {
        Thread reader = new Thread(
                () -> {
                    try {
                        while (true) {
                            accept(parent.receive());
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "orders");
        reader.setDaemon(true);
        reader.start();
    }

    private void accept(String line) {
        lock.lock();
        try {
            String[] words = line.split(" ", 2);
            order = words[0];
            pace = words.length > 1 ? Long.parseLong(words[1]) : pace;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the beginning. False: it is the end. */
    boolean nextTurn() throws InterruptedException {
        await("wait");
        return !is("quit");
    }

    boolean mustHold() {
        return is("hold");
    }

    void awaitRelief() throws InterruptedException {
        await("hold");
    }

    /** How long a turn lasts, in milliseconds. */
    long pace() {
        lock.lock();
        try {
            return pace;
        } finally {
            lock.unlock();
        }
    }

    private boolean is(String word) {
        lock.lock();
        try {
            return order.equals(word);
        } finally {
            lock.unlock();
        }
    }

    private void await(String word) throws InterruptedException {
        lock.lock();
        try {
            while (order.equals(word)) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }
}

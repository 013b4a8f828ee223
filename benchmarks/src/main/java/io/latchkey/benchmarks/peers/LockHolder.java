package io.latchkey.benchmarks.peers;

import java.util.concurrent.CountDownLatch;

/** A thread that waits for a lock and holds it until it is told to stop: an election, where there is no recipe for one. */
final class LockHolder implements AutoCloseable {
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;

    private LockHolder(LockClient client, String name, Runnable elected) {
        thread = new Thread(() -> hold(client, name, elected), "candidate");
        thread.setDaemon(true);
    }

    static AutoCloseable start(LockClient client, String name, Runnable elected) {
        LockHolder holder = new LockHolder(client, name, elected);
        holder.thread.start();
        return holder;
    }

    private void hold(LockClient client, String name, Runnable elected) {
        try {
            LockClient.Held held = client.lock(name);
            elected.run();
            stop.await();
            held.unlock();
        } catch (Exception e) {
            System.getLogger("io.latchkey.benchmarks").log(System.Logger.Level.DEBUG, "a candidate ended", e);
        }
    }

    @Override
    public void close() throws InterruptedException {
        stop.countDown();
        thread.join(10_000);
    }
}

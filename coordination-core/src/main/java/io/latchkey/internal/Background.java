package io.latchkey.internal;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A client's threads besides the one that renews: a timer, a few for calls that no caller waits for, and as many as it takes for
 * what users registered, so that whatever they do delays nobody else. All daemons.
 */
final class Background {
    private static final System.Logger LOG = System.getLogger("io.latchkey");
    private static final int CALL_THREADS = 4;

    private final ScheduledThreadPoolExecutor timer;
    private final ThreadPoolExecutor calls;
    private final ExecutorService users;
    private final AtomicInteger notBegun = new AtomicInteger();

    Background() {
        timer = new ScheduledThreadPoolExecutor(1, named("latchkey-timer"));
        timer.setRemoveOnCancelPolicy(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        calls = new ThreadPoolExecutor(
                CALL_THREADS, CALL_THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named("latchkey-calls"));
        calls.allowCoreThreadTimeOut(true);
        users = Executors.newCachedThreadPool(named("latchkey-callback"));
    }

    private static ThreadFactory named(String name) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Makes calls to the database. */
    void call(Runnable task) {
        var unused = quietly(calls, task);
    }

    /** Runs what a user registered. */
    void callback(Runnable task) {
        notBegun.incrementAndGet();
        boolean accepted = quietly(users, () -> {
            notBegun.decrementAndGet();
            task.run();
        });
        if (!accepted) {
            notBegun.decrementAndGet();
        }
    }

    /** Waits, but not for long, until the callbacks so far have begun. */
    void letCallbacksBegin() {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(100);
        while (notBegun.get() > 0 && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(this, TimeUnit.MICROSECONDS.toNanos(100));
        }
    }

    Executor callbacks() {
        return this::callback;
    }

    /** Makes calls to the database, later. */
    void callAfter(Duration delay, Runnable task) {
        var unused = after(delay.toNanos(), () -> call(task));
    }

    /** Runs something quick, later, unless it is cancelled. */
    Future<?> after(long delayNanos, Runnable task) {
        try {
            return timer.schedule(logged(task), delayNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "closed", e);
            return CompletableFuture.completedFuture(null);
        }
    }

    private static boolean quietly(ExecutorService executor, Runnable task) {
        try {
            executor.execute(logged(task));
            return true;
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "closed", e);
            return false;
        }
    }

    /** So that a task that fails harms nobody who comes after it. */
    static Runnable logged(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                LOG.log(Level.WARNING, "a task of Latchkey or a callback of its user failed", e);
            }
        };
    }

    /** Starts nothing new. Callbacks that were handed over still run. */
    void close() {
        timer.shutdownNow();
        calls.shutdown();
        users.shutdown();
    }
}

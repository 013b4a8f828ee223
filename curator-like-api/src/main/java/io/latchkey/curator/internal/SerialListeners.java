package io.latchkey.curator.internal;

import io.latchkey.curator.framework.listen.Listenable;
import java.lang.System.Logger.Level;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Listeners that are each called one event at a time and in order, none dropped, and on threads of their own: a slow one delays
 * nobody else. Thread-safe.
 *
 * @param <L> the listener's type
 */
public final class SerialListeners<L> implements Listenable<L> {
    private static final System.Logger LOG = System.getLogger("io.latchkey.curator");
    private static final AtomicInteger THREADS = new AtomicInteger();

    /** As many as it takes; they end after a minute without work. */
    static final Executor THREADS_OF_THE_CLIENT = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "latchkey-curator-" + THREADS.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    });

    private final ConcurrentHashMap<L, Mailbox> mailboxes = new ConcurrentHashMap<>();

    @Override
    public void addListener(L listener) {
        addListener(listener, THREADS_OF_THE_CLIENT);
    }

    @Override
    public void addListener(L listener, Executor executor) {
        mailboxes.putIfAbsent(listener, new Mailbox(listener, executor));
    }

    @Override
    public void removeListener(L listener) {
        mailboxes.remove(listener);
    }

    /** Removes all. Events that were posted still arrive. */
    public void clear() {
        mailboxes.clear();
    }

    /** Puts an event into each listener's queue, under whatever lock gives events their order. Runs nothing. */
    public void enqueue(Consumer<L> event) {
        mailboxes.values().forEach(mailbox -> mailbox.events.add(event));
    }

    /** Puts an event into one listener's queue. Runs nothing. */
    public void enqueueFor(L listener, Consumer<L> event) {
        Mailbox mailbox = mailboxes.get(listener);
        if (mailbox != null) {
            mailbox.events.add(event);
        }
    }

    /** Lets the queues be delivered, outside of any lock: a listener may be called right here if its executor does so. */
    public void deliver() {
        mailboxes.values().forEach(Mailbox::deliver);
    }

    /** Both. */
    public void post(Consumer<L> event) {
        enqueue(event);
        deliver();
    }

    private final class Mailbox {
        private final L listener;
        private final Executor executor;
        private final Queue<Consumer<L>> events = new ConcurrentLinkedQueue<>();
        private final AtomicBoolean busy = new AtomicBoolean();

        Mailbox(L listener, Executor executor) {
            this.listener = listener;
            this.executor = executor;
        }

        void deliver() {
            if (events.isEmpty() || !busy.compareAndSet(false, true)) {
                return;
            }
            try {
                executor.execute(this::drain);
            } catch (RejectedExecutionException e) {
                busy.set(false);
                LOG.log(Level.WARNING, "the executor of a listener takes no more events", e);
            }
        }

        private void drain() {
            do {
                for (Consumer<L> event = events.poll(); event != null; event = events.poll()) {
                    try {
                        event.accept(listener);
                    } catch (RuntimeException e) {
                        LOG.log(Level.WARNING, "a listener failed", e);
                    }
                }
                busy.set(false);
            } while (!events.isEmpty() && busy.compareAndSet(false, true));
        }
    }
}

package io.latchkey.spring;

import io.latchkey.CoordinationException;
import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.springframework.integration.leader.Candidate;

/**
 * A candidate from start to stop: stands for election, serves its term, and stands again. All callbacks run on this one thread.
 * What was lost is stood for again by the election itself; what was yielded, from here.
 */
final class Campaign implements Runnable {
    private static final System.Logger LOG = System.getLogger("io.latchkey.spring");
    private static final long PAUSE_AFTER_FAILURE_MS = 1_000;
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final LeaderElection election;
    private final Candidate candidate;
    private final Announcer announcer;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final ReentrantLock state = new ReentrantLock();
    private @Nullable Term term;

    Campaign(LeaderElection election, Candidate candidate, Announcer announcer) {
        this.election = election;
        this.candidate = candidate;
        this.announcer = announcer;
    }

    @Override
    public void run() {
        try {
            election.campaign();
            while (!isStopping()) {
                try {
                    serve(elected());
                } catch (InterruptedException e) {
                    LOG.log(Level.DEBUG, "interrupted while waiting to lead '" + candidate.getRole() + "'", e);
                }
            }
        } catch (IllegalStateException e) {
            if (!isStopping()) {
                LOG.log(
                        Level.INFO,
                        "the client was closed, so nobody here leads '" + candidate.getRole() + "' any more",
                        e);
            }
        } finally {
            election.close(); // after it was revoked: the next one leads when this one does not
            ended.complete(null);
        }
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }

    private Leadership elected() throws InterruptedException {
        while (true) {
            try {
                if (announcer.tellsFailures()) {
                    Optional<Leadership> soon = election.await(PATIENCE);
                    if (soon.isPresent()) {
                        return soon.get();
                    }
                    announcer.failedToAcquire();
                }
                return election.await();
            } catch (CoordinationException e) { // the election says so in the log, and tries again
                LOG.log(Level.DEBUG, "refused as a candidate for '" + candidate.getRole() + "'", e);
                announcer.failedToAcquire();
            }
        }
    }

    private void serve(Leadership leadership) throws InterruptedException {
        Term next = new Term(candidate, leadership);
        if (!enter(next)) {
            return;
        }
        boolean failed = false;
        try {
            next.serve(() -> {
                candidate.onGranted(next);
                announcer.granted(next);
            });
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "the candidate for '" + candidate.getRole() + "' failed, so it leads no more", e);
            failed = true;
        } catch (InterruptedException e) { // not by us, whose interrupts end with the term
            LOG.log(Level.DEBUG, "interrupted as the leader of '" + candidate.getRole() + "'", e);
        } finally {
            next.end();
            revoke(next);
            boolean unused = enter(null);
        }
        if (failed) {
            boolean unused = election.resign();
            try {
                boolean unusedToo = stopping.await(PAUSE_AFTER_FAILURE_MS, TimeUnit.MILLISECONDS);
            } finally {
                election.campaign();
            }
        } else if (leadership.isValid() && !isStopping()) {
            boolean unused = election.requeue();
        }
    }

    private void revoke(Term last) {
        try {
            candidate.onRevoked(last);
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "the candidate for '" + candidate.getRole() + "' failed to be revoked", e);
        }
        announcer.revoked(last);
    }

    /** Says which term {@link #stop} has to end: this one or none. False if it was called already. */
    private boolean enter(@Nullable Term next) {
        state.lock();
        try {
            term = next;
            return !isStopping();
        } finally {
            state.unlock();
        }
    }

    @Nullable
    Term term() {
        state.lock();
        try {
            return term;
        } finally {
            state.unlock();
        }
    }

    void stop(Runnable callback) {
        Term current;
        state.lock();
        try {
            stopping.countDown();
            current = term;
        } finally {
            state.unlock();
        }
        if (current != null) {
            current.end(); // it is revoked before it resigns
        } else {
            election.close();
        }
        var unused = ended.thenRun(callback);
    }
}

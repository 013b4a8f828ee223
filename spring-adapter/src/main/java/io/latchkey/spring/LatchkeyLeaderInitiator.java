package io.latchkey.spring;

import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ApplicationEventPublisherAware;
import org.springframework.context.EnvironmentAware;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.env.Environment;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskExecutor;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.integration.leader.Candidate;
import org.springframework.integration.leader.Context;
import org.springframework.integration.leader.DefaultCandidate;
import org.springframework.integration.leader.event.DefaultLeaderEventPublisher;
import org.springframework.integration.leader.event.LeaderEventPublisher;
import org.springframework.util.StringUtils;

/**
 * Elects a leader for a role, in the place of {@code LockRegistryLeaderInitiator}: with the same candidates, contexts, events and
 * roles, and without polling. Each is a candidate of a {@link io.latchkey.LeaderElection}, under the id of its {@link Candidate};
 * when the leader stops or yields, the next one leads within a millisecond, and when it dies, as soon as its session is over. The
 * context is a {@link LeaderContext}, which carries the term. Thread-safe once it has started.
 *
 * <p>A leader that stops or yields is revoked first and gives the lock back after that: two candidates do not lead at the same
 * time. A leadership that is lost is told at once, before the database can elect another.
 */
public class LatchkeyLeaderInitiator
        implements SmartLifecycle, DisposableBean, ApplicationEventPublisherAware, EnvironmentAware {
    private static final Context NOT_RUNNING = () -> false;

    private final Latchkey latchkey;
    private final Candidate candidate;
    private final LockNames names;
    private final ReentrantLock lifecycle = new ReentrantLock();
    private TaskExecutor executor;
    private @Nullable LeaderEventPublisher events;
    private @Nullable String metadata;
    private boolean publishFailedEvents;
    private boolean autoStartup = true;
    private int phase = Integer.MAX_VALUE - 1000;
    private volatile @Nullable Campaign campaign;

    /** An initiator with a candidate that logs what happens to it. */
    public LatchkeyLeaderInitiator(Latchkey latchkey) {
        this(latchkey, new DefaultCandidate());
    }

    /** An initiator for the election with the name of the candidate's role. */
    public LatchkeyLeaderInitiator(Latchkey latchkey, Candidate candidate) {
        this(latchkey, candidate, LockNames.plain());
    }

    /**
     * Creates an initiator.
     *
     * @param latchkey the client, which is not closed with the initiator
     * @param candidate who is told when it leads and when no more
     * @param names which election, and so which lock, the role stands for
     */
    public LatchkeyLeaderInitiator(Latchkey latchkey, Candidate candidate, LockNames names) {
        this.latchkey = latchkey;
        this.candidate = candidate;
        this.names = names;
        SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("latchkey-leader-" + candidate.getRole() + "-");
        threads.setDaemon(true);
        this.executor = threads;
    }

    /** What runs the candidate: one task from start to stop, which waits most of the time. Default: a thread of its own. */
    public void setTaskExecutor(TaskExecutor taskExecutor) {
        this.executor = taskExecutor;
    }

    /** Who publishes the events. Default: they go to the application context. */
    public void setLeaderEventPublisher(LeaderEventPublisher leaderEventPublisher) {
        this.events = leaderEventPublisher;
    }

    @Override
    public void setApplicationEventPublisher(ApplicationEventPublisher applicationEventPublisher) {
        if (events == null) {
            events = new DefaultLeaderEventPublisher(applicationEventPublisher);
        }
    }

    /**
     * What this candidate says of itself to all who look at the participants. Default: the application's name and host, if this is
     * a bean; else nothing. See {@link io.latchkey.LeaderElection#setMetadata}.
     */
    public void setMetadata(String metadata) {
        this.metadata = metadata;
    }

    @Override
    public void setEnvironment(Environment environment) {
        if (metadata == null) {
            metadata = CandidateMetadata.of(environment);
        }
    }

    /** Whether to publish an event each time this candidate does not lead half a second after it has queued. Default: false. */
    public void setPublishFailedEvents(boolean publishFailedEvents) {
        this.publishFailedEvents = publishFailedEvents;
    }

    /** Whether to start with the application context. Default: true. */
    public void setAutoStartup(boolean autoStartup) {
        this.autoStartup = autoStartup;
    }

    @Override
    public boolean isAutoStartup() {
        return autoStartup;
    }

    /** When to start and stop. Default: {@code Integer.MAX_VALUE - 1000}, so late and early. */
    public void setPhase(int phase) {
        this.phase = phase;
    }

    @Override
    public int getPhase() {
        return phase;
    }

    @Override
    public boolean isRunning() {
        return campaign != null;
    }

    /** The context of the current term; one that does not lead if there is none. */
    public Context getContext() {
        Campaign running = campaign;
        Term term = running == null ? null : running.term();
        return term == null ? NOT_RUNNING : term;
    }

    /** Joins the queue. Does nothing if it has been started. */
    @Override
    public void start() {
        lifecycle.lock();
        try {
            if (campaign == null) {
                Campaign starting = new Campaign(election(), candidate, announcer());
                campaign = starting;
                executor.execute(starting);
            }
        } catch (TaskRejectedException e) {
            campaign = null;
            throw e;
        } finally {
            lifecycle.unlock();
        }
    }

    private LeaderElection election() {
        String id = candidate.getId();
        LeaderElection election = latchkey.election(
                names.nameOf(candidate.getRole()), StringUtils.hasLength(id) ? id : latchkey.holder());
        election.setMetadata(metadata == null ? "" : metadata);
        return election;
    }

    private Announcer announcer() {
        return new Announcer(this, events, candidate.getRole(), publishFailedEvents);
    }

    /** Leaves the queue, or ends the term. Returns at once; {@code onRevoked} follows, if it led. */
    @Override
    public void stop() {
        stop(() -> {});
    }

    /** The same, and calls back when it is done. */
    @Override
    public void stop(Runnable callback) {
        Campaign running;
        lifecycle.lock();
        try {
            running = campaign;
            campaign = null;
        } finally {
            lifecycle.unlock();
        }
        if (running == null) {
            callback.run();
        } else {
            running.stop(callback);
        }
    }

    @Override
    public void destroy() {
        stop();
    }
}

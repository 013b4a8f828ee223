package io.latchkey.spring;

import io.latchkey.Latchkey;
import java.time.Duration;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.integration.leader.Candidate;
import org.springframework.integration.leader.Context;
import org.springframework.integration.support.leader.LockRegistryLeaderInitiator;

/** The two ways to lead a role: Spring's own initiator over the registry, and Latchkey's. */
enum Initiator {
    SPRINGS {
        @Override
        Running start(Latchkey latchkey, Candidate candidate, ApplicationEventPublisher events) {
            LockRegistryLeaderInitiator initiator =
                    new LockRegistryLeaderInitiator(new LatchkeyLockRegistry(latchkey), candidate);
            initiator.setHeartBeatMillis(HEART_BEAT.toMillis());
            initiator.setApplicationEventPublisher(events);
            initiator.start();
            return new Running() {
                @Override
                public void stop() {
                    initiator.stop();
                }

                @Override
                public Context context() {
                    return initiator.getContext();
                }
            };
        }
    },

    LATCHKEYS {
        @Override
        Running start(Latchkey latchkey, Candidate candidate, ApplicationEventPublisher events) {
            LatchkeyLeaderInitiator initiator = new LatchkeyLeaderInitiator(latchkey, candidate);
            initiator.setApplicationEventPublisher(events);
            initiator.start();
            return new Running() {
                @Override
                public void stop() {
                    initiator.stop();
                }

                @Override
                public Context context() {
                    return initiator.getContext();
                }
            };
        }
    };

    static final Duration HEART_BEAT = Duration.ofMillis(200);

    /** One that was started. */
    interface Running {
        void stop();

        Context context();
    }

    abstract Running start(Latchkey latchkey, Candidate candidate, ApplicationEventPublisher events);
}

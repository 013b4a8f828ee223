package io.latchkey.shedlock.autoconfigure;

import io.latchkey.shedlock.LatchkeyLockProviderBuilder;
import io.latchkey.shedlock.LostLockAction;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What can be set as {@code latchkey.shedlock.*}; see {@link LatchkeyLockProviderBuilder}.
 *
 * @param keepAlive whether locks are extended while their tasks run
 * @param whenLost what to do when a lock ends under its task; a bean of type {@link LostLockAction} wins
 * @param waitAtMostFor how long to wait for a lock that is held, instead of skipping the task
 * @param releaseOnClose how long tasks may take to end when the application shuts down, before their locks are released; unless
 *     set, their locks are left alone
 */
@ConfigurationProperties("latchkey.shedlock")
public record LatchkeyShedLockProperties(
        @DefaultValue("false") boolean keepAlive,
        @DefaultValue("nothing") WhenLost whenLost,
        @DefaultValue("0s") Duration waitAtMostFor,
        @Nullable Duration releaseOnClose) {

    /** What properties can say of {@link LostLockAction}. */
    public enum WhenLost {
        /** {@link LostLockAction#NOTHING}. */
        NOTHING,
        /** {@link LostLockAction#INTERRUPT}. */
        INTERRUPT;

        LostLockAction action() {
            return this == INTERRUPT ? LostLockAction.INTERRUPT : LostLockAction.NOTHING;
        }
    }
}

package io.latchkey;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What an operator should know of the database, when it was asked; immutable.
 *
 * @param roundTrip how long this question took
 * @param heldBackTransactions how many transactions back the oldest snapshot, prepared transaction or replication slot keeps
 *     {@code VACUUM} from cleaning; millions of them slow everything down, locks included
 * @param oldestTransaction the age of the oldest transaction with a snapshot; null if there is none that the owner of the schema
 *     may see, which are all for a member of {@code pg_read_all_stats} and its own otherwise
 * @param notificationQueue how full PostgreSQL's notification queue is, 0 to 1; when it is full waiters are woken late
 * @param graceLeft what is left of the grace period after a crash, in which nothing new is granted; zero if there is none
 */
public record ServerStatus(
        Duration roundTrip,
        long heldBackTransactions,
        @Nullable Duration oldestTransaction,
        double notificationQueue,
        Duration graceLeft) {}

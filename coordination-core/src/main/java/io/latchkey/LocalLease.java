package io.latchkey;

import java.time.Duration;

/**
 * A lease that this client holds, as the client itself knows it: without a look at the database.
 *
 * @param lock the name of its lock
 * @param fencingToken its number, which also finds it in an {@link Inspection}
 * @param thread the name of the thread that asked for it
 * @param held how long it has been held
 * @param remaining how long it is valid without another renewal; zero if it is not
 */
public record LocalLease(String lock, long fencingToken, String thread, Duration held, Duration remaining) {}

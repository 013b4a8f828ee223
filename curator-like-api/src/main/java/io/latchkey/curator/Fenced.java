package io.latchkey.curator;

import java.sql.Connection;

/**
 * What Curator cannot offer: a number that lets a resource refuse those who only believe that they hold the lock, and a word to
 * the holder that has lost it. An {@link IllegalMonitorStateException} or {@link IllegalStateException} says that the caller
 * holds nothing.
 */
public interface Fenced {
    /** The number of the grant that is held; higher than that of every earlier grant of this lock, for ever. */
    long fencingToken();

    /**
     * Joins the caller's transaction: until it ends nobody else can be granted the lock, whatever becomes of this holder. See
     * {@link io.latchkey.Lease#fence}.
     *
     * @param connection a connection to the same database, in a transaction
     * @throws io.latchkey.LeaseLostException if the grant is not current any more: roll back
     */
    void fence(Connection connection);

    /**
     * Registers an action for the case that what is held is lost before it is released. It runs once, on a thread of the client,
     * before anybody else can have it; at once if it is lost already.
     *
     * @param action what to do; an exception is logged
     */
    void onLost(Runnable action);
}

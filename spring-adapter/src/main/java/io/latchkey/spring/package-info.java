/**
 * Latchkey for Spring: a {@code LockRegistry} and a leader initiator for Spring Integration, and annotations for methods. What
 * is not on the class path (Spring Integration, transactions, JDBC, Boot) is not needed by the rest.
 */
@NullMarked
package io.latchkey.spring;

import org.jspecify.annotations.NullMarked;

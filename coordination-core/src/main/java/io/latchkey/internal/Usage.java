package io.latchkey.internal;

/**
 * How a semaphore is used.
 *
 * @param permits how many permits it has
 * @param available how many of them nobody has
 */
public record Usage(int permits, int available) {}

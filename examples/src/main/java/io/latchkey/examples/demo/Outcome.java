package io.latchkey.examples.demo;

/**
 * What has happened, as the workers told it.
 *
 * @param history all turns
 * @param killed the turn whose worker was killed
 * @param stopped the turn whose worker was stopped
 * @param lateWrite what became of the stopped worker's write
 */
record Outcome(History history, Turn killed, Turn stopped, Report lateWrite) {}

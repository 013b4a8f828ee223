package io.latchkey.benchmarks.peers;

/**
 * How a peer is set up.
 *
 * @param what in words
 * @param source who recommends it, or where it comes from
 */
public record Setting(String what, String source) {
    static Setting of(String what, String source) {
        return new Setting(what, source);
    }
}

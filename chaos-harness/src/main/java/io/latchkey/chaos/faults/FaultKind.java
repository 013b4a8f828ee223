package io.latchkey.chaos.faults;

import java.util.SplittableRandom;

/**
 * A kind of fault.
 *
 * @param name its name
 * @param aim chooses the victim and the numbers, from the seed alone
 */
public record FaultKind(String name, Aim aim) {
    /** Makes one. */
    @FunctionalInterface
    public interface Aim {
        Fault at(World world, SplittableRandom random);
    }
}

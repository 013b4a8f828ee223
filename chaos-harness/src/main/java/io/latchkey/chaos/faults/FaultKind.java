package io.latchkey.chaos.faults;

import java.util.SplittableRandom;

/**
 * A kind of fault.
 *
 * @param name its name
 * @param need what has to be there
 * @param aim chooses the victim and the numbers, from the seed alone
 */
public record FaultKind(String name, Need need, Aim aim) {
    /** One that needs nothing but the server and the workers. */
    FaultKind(String name, Aim aim) {
        this(name, Need.NOTHING, aim);
    }

    /** Makes one. */
    @FunctionalInterface
    public interface Aim {
        Fault at(World world, SplittableRandom random);
    }
}

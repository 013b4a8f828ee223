package io.latchkey.chaos.check;

import java.util.ArrayList;
import java.util.List;

/**
 * What is left when the load has ended and everybody has given everything back: first with the clients still connected, then after
 * they were closed.
 *
 * @param name what it is
 * @param found how many there are
 * @param expected how many there should be
 */
public record Residue(String name, long found, long expected) {
    /** One violation for each kind of thing that is too many or too few. */
    public static List<Violation> violations(List<Residue> residues, long now) {
        List<Violation> found = new ArrayList<>();
        for (Residue residue : residues) {
            if (residue.found != residue.expected) {
                found.add(new Violation(
                        "everything heals",
                        residue.name + ": " + residue.found + " instead of " + residue.expected,
                        now,
                        List.of(),
                        List.of()));
            }
        }
        return found;
    }
}

package io.latchkey.chaos.check;

import io.latchkey.chaos.history.History;
import java.util.List;

/** Something that must be true of every history. Judges what it is given and nothing else. */
public interface Property {
    /** Its name, in the words of the field. */
    String name();

    /** Where it does not hold, the earliest first; not necessarily all. */
    List<Violation> violations(History history);
}

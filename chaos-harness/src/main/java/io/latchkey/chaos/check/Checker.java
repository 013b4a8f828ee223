package io.latchkey.chaos.check;

import io.latchkey.chaos.history.History;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** All properties together. */
public final class Checker {
    private final List<Property> properties;

    /** @param patience how long something free may wait for somebody who wants it */
    public Checker(Duration patience) {
        properties = List.of(
                new ExclusiveWindows(),
                new PermitLimit(),
                new TokenOrder(),
                new FencedWrites(),
                new TrueOutcomes(),
                new PromptGrants(patience),
                new NoSurprises());
    }

    /** Their names. */
    public List<String> names() {
        return properties.stream().map(Property::name).toList();
    }

    /** Where they do not hold, the earliest first. */
    public List<Violation> violations(History history) {
        List<Violation> found = new ArrayList<>();
        properties.forEach(property -> found.addAll(property.violations(history)));
        found.sort(Comparator.comparingLong(Violation::at));
        return found;
    }
}

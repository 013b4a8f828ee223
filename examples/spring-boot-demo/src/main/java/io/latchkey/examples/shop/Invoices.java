package io.latchkey.examples.shop;

import io.latchkey.spring.CurrentLease;
import io.latchkey.spring.LeaderOnly;
import io.latchkey.testkit.ParentChannel;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Runs at one of the instances: the one that leads. */
@Component
class Invoices {
    private final JdbcTemplate jdbc;
    private final ParentChannel parent;
    private long lastTerm;

    Invoices(JdbcTemplate jdbc, ParentChannel parent) {
        this.jdbc = jdbc;
        this.parent = parent;
    }

    @Scheduled(fixedDelay = 500)
    @LeaderOnly("invoices")
    void write() {
        long term = CurrentLease.get().fencingToken();
        if (term != lastTerm) {
            lastTerm = term;
            parent.send("LEADS " + term);
        }
        jdbc.update("UPDATE shop.shipment SET invoiced_in = ? WHERE invoiced_in IS NULL", term);
    }
}

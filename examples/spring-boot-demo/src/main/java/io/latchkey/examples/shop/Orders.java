package io.latchkey.examples.shop;

import io.latchkey.spring.CurrentLease;
import io.latchkey.spring.Locked;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Ships orders: each order by one thread of one instance at a time. */
@Service
class Orders {
    private final JdbcTemplate jdbc;

    Orders(JdbcTemplate jdbc) {
        this.jdbc = jdbc;
    }

    /** The lock is taken before the transaction begins and given back after its commit. */
    @Locked(name = "'orders/' + #number", waitFor = "10s")
    @Transactional
    public void ship(int number, String by) throws InterruptedException {
        Thread.sleep(400); // the parcel service takes its time
        jdbc.update(
                "INSERT INTO shop.shipment (number, shipped_by, fencing_token) VALUES (?, ?, ?)",
                number,
                by,
                CurrentLease.get().fencingToken());
    }
}

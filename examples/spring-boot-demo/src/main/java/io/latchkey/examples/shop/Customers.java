package io.latchkey.examples.shop;

import io.latchkey.Latchkey;
import io.latchkey.testkit.ParentChannel;
import java.util.Random;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Orders that come in at every instance; a few of them are wanted at both. */
@Component
class Customers {
    private static final int ORDERS = 3;

    private final Orders orders;
    private final Latchkey latchkey;
    private final ParentChannel parent;
    private final Random random = new Random();

    Customers(Orders orders, Latchkey latchkey, ParentChannel parent) {
        this.orders = orders;
        this.latchkey = latchkey;
        this.parent = parent;
    }

    @Scheduled(fixedDelay = 900)
    void order() throws InterruptedException {
        int number = 1041 + random.nextInt(ORDERS);
        long startedAt = System.nanoTime();
        orders.ship(number, latchkey.holder());
        parent.send("SHIPPED " + number + " " + (System.nanoTime() - startedAt) / 1_000_000);
    }
}

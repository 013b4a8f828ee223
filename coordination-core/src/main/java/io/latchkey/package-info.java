/** Fair, fenced locks on PostgreSQL: connect, take a lock, hold a lease. */
@NullMarked
package io.latchkey;

import org.jspecify.annotations.NullMarked;

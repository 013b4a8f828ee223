/** Tests of the testkit itself, and of the behaviour of PostgreSQL that Latchkey relies on. */
@NullMarked
package io.latchkey.testkit;

import org.jspecify.annotations.NullMarked;

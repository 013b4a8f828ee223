/** Offers the lock provider to Spring Boot. */
@NullMarked
package io.latchkey.shedlock.autoconfigure;

import org.jspecify.annotations.NullMarked;

/** Bugs that are put in on purpose, to see the checker find them. */
@NullMarked
package io.latchkey.chaos.bugs;

import org.jspecify.annotations.NullMarked;

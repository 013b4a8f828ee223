/** What {@code ./demo} shows: three processes, one lock, and what happens when its holder dies or sleeps. */
@NullMarked
package io.latchkey.examples.demo;

import org.jspecify.annotations.NullMarked;

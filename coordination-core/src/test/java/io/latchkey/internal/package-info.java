/** What can be tested without a database. */
@NullMarked
package io.latchkey.internal;

import org.jspecify.annotations.NullMarked;

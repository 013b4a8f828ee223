/** The same scenario on Apache Curator and on Latchkey. */
@NullMarked
package io.latchkey.curator.differential;

import org.jspecify.annotations.NullMarked;

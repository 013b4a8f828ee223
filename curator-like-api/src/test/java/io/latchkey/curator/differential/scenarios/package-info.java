/** Scenarios, written for Apache Curator. For Latchkey they are compiled with other imports, and nothing else changed. */
@NullMarked
package io.latchkey.curator.differential.scenarios;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: GPL-3.0-or-later
// What Nextflow would run of a module, where there is no Nextflow: the module is read by Groovy's own parser, and the blocks of its
// process are evaluated as Groovy with what a task would have.
//
//     groovy nextflow.groovy MODULE declare                     name, inputs and outputs, a line each
//     groovy nextflow.groovy MODULE script|stub|when TASK.json  the command of the task, or whether there is one
//
// TASK has the id of the sample, reads (names in the task's folder), cpus, ext (args, prefix, when) and params.
import groovy.json.JsonSlurper
import org.codehaus.groovy.ast.builder.AstBuilder
import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.control.CompilePhase

/** A file of the task: its name is where it lies in the task's folder; in a GString that has backslashes, as Nextflow writes it. */
class Staged implements Writable {
    String path
    String getName() { path }
    String toString() { path }
    Writer writeTo(Writer out) {
        out.write(path.replaceAll(/['" ()\\!&|<>`:]/, '\\\\$0'))
        return out
    }
}

class Block {
    List<String> lines
    int line, column, lastLine, lastColumn
    /** The source from the first statement to the last. */
    String source() {
        def own = lines[(line - 1)..(lastLine - 1)]
        own[-1] = own[-1].substring(0, Math.min(lastColumn - 1, own[-1].length()))
        own[0] = own[0].substring(column - 1)
        return own.join('\n')
    }
}

/** By label (none: "directives"), in the order of the module. */
Map<String, List<Block>> blocksOf(ClosureExpression body, List<String> lines) {
    def blocks = [:], label = 'directives'
    body.code.statements.each { statement ->
        label = statement.statementLabels ? statement.statementLabels[0] : label
        blocks.get(label, []) << new Block(lines: lines, line: statement.lineNumber, column: statement.columnNumber,
                                           lastLine: statement.lastLineNumber, lastColumn: statement.lastColumnNumber)
    }
    return blocks
}

/** All of a label as one. */
Block whole(List<Block> blocks) {
    new Block(lines: blocks[0].lines, line: blocks[0].line, column: blocks[0].column, lastLine: blocks[-1].lastLine,
              lastColumn: blocks[-1].lastColumn)
}

/** What stands in a declaration: val meta, path reads {stageAs: input/*}. */
String declared(String source) {
    def say = { String kind, Object... given ->
        def named = given.findAll { it instanceof Map }, plain = given.findAll { !(it instanceof Map) }
        ([kind, *plain] + named.collect { "$it" }).join(' ')
    }
    def names = [val: say.curry('val'), path: say.curry('path'), tuple: say.curry('tuple'), meta: 'meta', reads: 'reads', html: 'html',
                 zip: 'zip', versions: 'versions']
    return new GroovyShell(new Binding(names)).evaluate(source)
}

def text = new File(args[0]).text
def lines = text.readLines()
def statements = new AstBuilder().buildFromString(CompilePhase.CONVERSION, false, text)[0].statements
assert statements.size() == 1 && statements[0] instanceof ExpressionStatement : 'one process and nothing else is in the module'
def call = statements[0].expression
assert call instanceof MethodCallExpression && call.methodAsString == 'process' : 'it is a process'
def named = call.arguments.expressions[0]
def body = named.arguments.expressions[0]
assert body instanceof ClosureExpression : 'which has a body'
def blocks = blocksOf(body, lines)

if (args[1] == 'declare') {
    println named.methodAsString
    println 'blocks ' + blocks.keySet().join(' ')
    for (label in ['input', 'output'])
        blocks[label].each { println label + ' ' + declared(it.source()) }
    System.exit(0)
}
def given = new JsonSlurper().parse(new File(args[2]))
def reads = given.reads.collect { new Staged(path: it) }
def binding = new Binding([meta: [id: given.id], reads: reads.size() == 1 ? reads[0] : reads, params: given.params ?: [:],
                           task: [cpus: given.cpus ?: 1, ext: given.ext ?: [:], process: given.process ?: named.methodAsString]])
def result = new GroovyShell(binding).evaluate(whole(blocks[args[1]]).source())
println args[1] == 'when' ? result : result.toString().stripIndent().trim()
